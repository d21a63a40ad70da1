#!/bin/sh
# A stage program for tests: speaks jdnas-stage's protocol, computes nothing.
#   fake-stage validate --json --base B --name N FILE   FILE is already the report that a check would print
#                                                       or says so, and the report lies in B, as report.json
#   fake-stage run REQUEST                              does what the option "behaviour" says
set -eu
if [ "$1" = validate ]; then
    for file; do :; done
    case $(cat "$file") in
        *'"given-by-base"'*)
            printf '%s\n' "$@" > "$4/arguments.txt"
            [ ! -e "$4/hang" ] || exec sleep 60
            echo '['; cat "$4/report.json"; echo ']' ;;
        *'"crash-the-check"'*) kill -SEGV $$ ;;
        *'"check-crashes-twice"'*)
            tries="$(dirname "$file")/.tries"
            printf x >> "$tries"
            [ "$(wc -c < "$tries")" -gt 2 ] || kill -SEGV $$
            echo '['; cat "$file"; echo ']' ;;
        *'"check-hangs"'*) exec sleep 60 ;;
        *'"check-takes-a-moment'*) sleep 0.2; echo '['; cat "$file"; echo ']' ;;
        *'"check-takes-long"'*) sleep 2; echo '['; cat "$file"; echo ']' ;;
        *'"resolved"'*) echo '['; cat "$file"; echo ']' ;;
        *) printf '[{"file": "x", "diagnostics": [{"file": "%s", "line": 2, "column": 3, "message": "no such plugin", "remedy": "choose another"}]}]' "$6"; exit 1 ;;
    esac
    exit 0
fi
. "$(dirname "$0")/stage-protocol.sh"
read_request "$2"
behaviour=$(field behaviour)
echo "$stage: attempt $number, $behaviour, $OMP_NUM_THREADS threads"

save() {
    save_checkpoint "$number" half "half of $stage from attempt $number" "$@"
    tell_progress '{"fraction":0.5,"message":"half way","eta":3,"elapsed":3,"metrics":{}}'
}

finish() {
    if [ -n "$resume" ]; then result=$(cat "$resume/state.txt"); else result="all of $stage"; fi
    publish "$result" "$stage says hello"
}

case $behaviour in
    succeed) finish ;;
    input) printf '{"cause":"input","what":"the image is corrupt","place":"a.jpg","remedy":"replace it"}' > failure.json; exit 65 ;;
    always-crash) echo "last words"; kill -KILL $$ ;;
    input-until) # until somebody mends what is outside, at the path in "more"
        if [ -e "$(field more)/mended" ]; then finish; exit 0; fi
        printf '{"cause":"input","what":"not mended yet"}' > failure.json; exit 65 ;;
    journal-until) if [ -e "$(field more)/mended" ]; then finish; exit 0; fi; save '{"saved": true}'; kill -KILL $$ ;;
    crash-until) if [ -e "$(field more)/mended" ]; then finish; exit 0; fi; save; kill -KILL $$ ;;
    crash-once) if [ "$number" = 1 ]; then save; kill -KILL $$; fi; finish ;;
    fail-once) if [ "$number" = 1 ]; then echo "disk trouble"; exit 74; fi; finish ;;
    lie) echo nothing > output/result.txt ;;
    lie-of-kind) plugin=make-nothing; finish ;;
    lose-lock) # somebody takes the spool over just before the stage is done
        echo '{"format": "jdnas-lock/1"}' > .lock.tmp
        mv .lock.tmp "${attempt%%/work/*}/lock"
        finish ;;
    abort) echo "terminate called: no room for the tensor"; kill -ABRT $$ ;;
    silent-once|deaf-once) # the first attempt hangs without a word; a deaf one does not even listen to SIGTERM
        if [ "$number" != 1 ]; then finish; exit 0; fi
        [ "$behaviour" = silent-once ] || trap '' TERM
        save
        while :; do sleep 0.05; done ;;
    talks-once) # takes long, and says so
        for step in 1 2 3 4 5 6 7 8 9 10; do echo "step $step"; sleep 0.1; done
        finish ;;
    meet) # waits for the other stage of its job to have begun
        touch "${attempt%%/work/*}/work/$job/.began-$stage"
        tries=0
        while [ "$(ls "${attempt%%/work/*}/work/$job/" -A | grep -c began)" -lt 2 ]; do
            tries=$((tries + 1))
            [ "$tries" -lt 200 ] || exit 70
            sleep 0.05
        done
        finish ;;
    no-room-four-times)
        if [ "$number" -gt 4 ]; then finish; exit 0; fi
        printf '{"cause":"system","what":"write: No space left on device","place":"output/result.txt"}' > failure.json
        exit 74 ;;
    save-and-talk) save; sleep 1; finish ;;
    hang-once) # until it is killed, or told to stop; then the second attempt finishes
        if [ "$number" != 1 ]; then finish; exit 0; fi
        trap 'exit 75' TERM
        save
        while :; do sleep 0.1; done ;;
esac
