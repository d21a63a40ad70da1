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
            echo '['; cat "$4/report.json"; echo ']' ;;
        *'"crash-the-check"'*) kill -SEGV $$ ;;
        *'"check-crashes-twice"'*)
            tries="$(dirname "$file")/.tries"
            printf x >> "$tries"
            [ "$(wc -c < "$tries")" -gt 2 ] || kill -SEGV $$
            echo '['; cat "$file"; echo ']' ;;
        *'"check-takes-long"'*) sleep 2; echo '['; cat "$file"; echo ']' ;;
        *'"resolved"'*) echo '['; cat "$file"; echo ']' ;;
        *) printf '[{"file": "x", "diagnostics": [{"file": "%s", "line": 2, "column": 3, "message": "no such plugin", "remedy": "choose another"}]}]' "$6"; exit 1 ;;
    esac
    exit 0
fi
request=$2
field() { sed -n "s/^ *\"$1\": \"\\(.*\\)\",*\$/\\1/p" "$request" | head -n 1; }
attempt=$(field attempt) job=$(field jobID) stage=$(field stage) key=$(field key) resume=$(field resume)
plugin=$(field plugin) behaviour=$(field behaviour)
sha() { sha256sum | cut -d' ' -f1; }
number=${attempt##*-}
echo "$stage: attempt $number, $behaviour, $OMP_NUM_THREADS threads"

save() { # a checkpoint in StageKit's format that holds one line
    text="half of $stage from attempt $number"
    mkdir -p checkpoint/.new
    printf '%s' "$text" > checkpoint/.new/state.txt
    printf '{"format":"jdnas-checkpoint/1","number":%d,"name":"half","members":[{"path":"state.txt","size":%d,"sha256":"%s"}]}' \
        "$number" "${#text}" "$(printf '%s' "$text" | sha)" > checkpoint/.new/checkpoint.json
    mv checkpoint/.new "checkpoint/00000$number-half"
    printf '{"fraction":0.5,"message":"half way","eta":3,"elapsed":3,"metrics":{}}' > .progress.tmp
    mv .progress.tmp progress.json
}

finish() { # the artifact, then the sealed receipt
    if [ -n "$resume" ]; then cat "$resume/state.txt" > output/result.txt; else printf 'all of %s' "$stage" > output/result.txt; fi
    size=$(wc -c < output/result.txt) digest=$(sha < output/result.txt)
    body=$(printf '"attempt":"work/%s","created":"2025-01-01T00:00:00.000Z","format":"jdnas-receipt/1","inputs":[],"job":"%s","key":"%s","kind":"%s","members":[{"bundle":true,"path":"result.txt","sha256":"%s","size":%d}],"plugin":"%s","pluginVersion":1' \
        "${attempt##*/work/}" "$job" "$key" "${plugin#make-}" "$digest" "$size" "$plugin")
    tail=$(printf '"stage":"%s","summary":{"headline":["%s says hello"]}' "$stage" "$stage")
    seal=$(printf '{%s,%s}' "$body" "$tail" | sha)
    printf '{%s,"seal":"%s",%s}' "$body" "$seal" "$tail" > .receipt.tmp
    mv .receipt.tmp receipt.json
}

case $behaviour in
    succeed) finish ;;
    input) printf '{"cause":"input","what":"the image is corrupt","place":"a.jpg","remedy":"replace it"}' > failure.json; exit 65 ;;
    always-crash) echo "last words"; kill -KILL $$ ;;
    input-until) # until somebody mends what is outside, at the path in "more"
        if [ -e "$(field more)/mended" ]; then finish; exit 0; fi
        printf '{"cause":"input","what":"not mended yet"}' > failure.json; exit 65 ;;
    crash-until) if [ -e "$(field more)/mended" ]; then finish; exit 0; fi; save; kill -KILL $$ ;;
    crash-once) if [ "$number" = 1 ]; then save; kill -KILL $$; fi; finish ;;
    fail-once) if [ "$number" = 1 ]; then echo "disk trouble"; exit 74; fi; finish ;;
    lie) echo nothing > output/result.txt ;;
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
