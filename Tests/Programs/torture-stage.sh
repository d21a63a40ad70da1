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
. "$(dirname "$0")/stage-protocol.sh"
read_request "$2"
luck=$(field luck)
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
    save_checkpoint "$saved" step "$done"
    tell_progress "{\"fraction\":0.$done,\"message\":\"step $done\",\"elapsed\":1,\"metrics\":{}}"
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
publish "all of $stage with $luck" "$stage is done"
