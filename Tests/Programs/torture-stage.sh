#!/bin/sh
# A stage program for torture: speaks jdnas-stage's protocol, computes nothing. Stages take some time, save their state on
# the way, and fail in all the ways there are, as the option "luck", the stage and the attempt's number decide.
#   torture-stage validate …   a manifest's first line is "# " and the report that a check would print
#   torture-stage run REQUEST
set -eu
if [ "$1" = validate ]; then
    for file; do :; done
    report=$(sed -n '1s/^# //p' "$file")
    if [ -n "$report" ]; then
        [ "$2" = --quiet ] || printf '[%s]\n' "$report"
        exit 0
    fi
    if [ "$2" = --quiet ]; then echo "$file:1:1: error: no report" >&2; else
        printf '[{"file": "x", "diagnostics": [{"file": "x", "line": 1, "column": 1, "message": "no report", "remedy": "add one"}]}]\n'
    fi
    exit 1
fi
request=$2
field() { sed -n "s/^ *\"$1\": \"\\(.*\\)\",*\$/\\1/p" "$request" | head -n 1; }
attempt=$(field attempt) job=$(field jobID) stage=$(field stage) key=$(field key) resume=$(field resume)
plugin=$(field plugin) luck=$(field luck)
sha() { sha256sum | cut -d' ' -f1; }
number=${attempt##*-}
drawn=$(printf '%s' "$luck $stage $number" | cksum | cut -d' ' -f1)
trap 'exit 75' TERM

done=0 saved=0
if [ -n "$resume" ]; then
    done=$(cat "$resume/state.txt")
    saved=$(basename "$resume" | sed 's/^0*//; s/-.*//')
fi
echo "$stage: attempt $number goes on after step $done"

save() {
    saved=$((saved + 1))
    mkdir -p checkpoint/.new
    printf '%s' "$done" > checkpoint/.new/state.txt
    printf '{"format":"jdnas-checkpoint/1","number":%d,"name":"step","members":[{"path":"state.txt","size":%d,"sha256":"%s"}]}' \
        "$saved" "${#done}" "$(printf '%s' "$done" | sha)" > checkpoint/.new/checkpoint.json
    mv checkpoint/.new "checkpoint/$(printf '%06d' "$saved")-step"
    printf '{"fraction":0.%d,"message":"step %d","elapsed":1,"metrics":{}}' "$done" "$done" > .progress.tmp
    mv .progress.tmp progress.json
}

steps=$((drawn % 4))
while [ "$done" -lt "$steps" ]; do
    sleep "0.$((drawn / 4 % 3))"
    done=$((done + 1))
    save
done

kind=$((drawn / 16 % 100))
if [ "$kind" -lt 8 ]; then kill -KILL $$; fi
if [ "$kind" -lt 13 ]; then echo "disk trouble"; exit 74; fi
if [ "$kind" -lt 16 ]; then printf '{"cause":"input","what":"the input is bad"}' > failure.json; exit 65; fi
if [ "$kind" -lt 18 ]; then echo nothing > output/result.txt; exit 0; fi
if [ "$kind" -lt 20 ]; then kill -ABRT $$; fi

# The same however often it was interrupted.
printf 'all of %s with %s' "$stage" "$luck" > output/result.txt
size=$(wc -c < output/result.txt) digest=$(sha < output/result.txt)
body=$(printf '"attempt":"work/%s","created":"2025-01-01T00:00:00.000Z","format":"jdnas-receipt/1","inputs":[],"job":"%s","key":"%s","kind":"%s","members":[{"bundle":true,"path":"result.txt","sha256":"%s","size":%d}],"plugin":"%s","pluginVersion":1' \
    "${attempt##*/work/}" "$job" "$key" "${plugin#make-}" "$digest" "$size" "$plugin")
tail=$(printf '"stage":"%s","summary":{"headline":["%s is done"]}' "$stage" "$stage")
seal=$(printf '{%s,%s}' "$body" "$tail" | sha)
printf '{%s,"seal":"%s",%s}' "$body" "$seal" "$tail" > .receipt.tmp
mv .receipt.tmp receipt.json
