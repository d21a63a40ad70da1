#!/bin/sh
# A worker for tests: speaks jdnas-stage's protocol ("work FOLDER"), computes nothing. What it does stands in FOLDER/how.
[ "$1" = work ] || exit 64
cd "$2" || exit 74
hand_in() {
    mkdir -p .result.tmp
    echo "$1" > .result.tmp/said
    mv .result.tmp result
}
if [ "$(cat how)" = waits ] || [ "$(cat how)" = ticks ]; then trap 'echo "{\"saved\": true}" >> events.jsonl; exit 75' TERM; fi
if [ "$(cat how)" = ends ]; then trap 'hand_in "in time"; exit 0' TERM; fi
# How often this task was begun.
echo x >> begun
times=$(wc -l < begun)
echo "{\"begun\": $times}" >> events.jsonl
case $(cat how) in
    quick) hand_in quick ;;
    slow) sleep 0.5; hand_in slow ;;
    dies-once) if [ "$times" -eq 1 ]; then kill -9 $$; fi; hand_in again ;;
    dies-twice) if [ "$times" -lt 3 ]; then kill -9 $$; fi; hand_in third ;;
    dies-done) hand_in done; kill -9 $$ ;;
    dies) kill -9 $$ ;;
    full) echo '{"what": "no space left", "cause": "system"}' > failure.json; exit 74 ;;
    wrong) echo '{"what": "wrong input", "cause": "input", "remedy": "mend it"}' > failure.json; exit 65 ;;
    ticks) while :; do sleep 0.05; echo '{"tick": true}' >> events.jsonl; done ;;
    waits|ends) while :; do sleep 0.05; done ;;
esac
