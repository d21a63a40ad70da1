# What the stage programs for tests share of jdnas-stage's protocol; they source it.

# Torture kills any process that works in the spool, also those that a stage starts to help it. Each value of a request is read by one
# program, in a line of its own: where that is killed, `set -e` ends the stage, and it does not go on with an empty value.

# read_request FILE: sets attempt, job, stage, key, resume, plugin, number, and request for `field`.
read_request() {
    request=$1
    attempt=$(field attempt)
    job=$(field jobID)
    stage=$(field stage)
    key=$(field key)
    resume=$(field resume)
    plugin=$(field plugin)
    number=${attempt##*-}
}

# field NAME: the first text of this name in the request.
field() { sed -n "/^ *\"$1\": \"\\(.*\\)\",*\$/ { s//\\1/p; q; }" "$request"; }

sha() { sha256sum | cut -d' ' -f1; }

# save_checkpoint NUMBER NAME TEXT [JOURNAL]: a checkpoint in StageKit's format that holds one text, and perhaps a journal.
save_checkpoint() {
    mkdir -p checkpoint/.new
    printf '%s' "$3" > checkpoint/.new/state.txt
    members=$(printf '{"path":"state.txt","size":%d,"sha256":"%s"}' "${#3}" "$(printf '%s' "$3" | sha)")
    if [ -n "${4:-}" ]; then
        printf '%s' "$4" > checkpoint/.new/journal.jsonl
        members=$(printf '{"path":"journal.jsonl","size":%d,"sha256":"%s"},%s' "${#4}" "$(printf '%s' "$4" | sha)" "$members")
    fi
    printf '{"format":"jdnas-checkpoint/1","number":%d,"name":"%s","members":[%s]}' "$1" "$2" "$members" \
        > checkpoint/.new/checkpoint.json
    mv checkpoint/.new "checkpoint/$(printf '%06d' "$1")-$2"
}

# tell_progress JSON
tell_progress() {
    printf '%s\n' "$1" >> progress.jsonl
    printf '%s' "$1" > .progress.tmp
    mv .progress.tmp progress.json
}

# publish TEXT HEADLINE: the artifact, then the sealed receipt.
publish() {
    printf '%s' "$1" > output/result.txt
    size=$(wc -c < output/result.txt) digest=$(sha < output/result.txt)
    body=$(printf '"attempt":"work/%s","created":"2025-01-01T00:00:00.000Z","format":"jdnas-receipt/1","inputs":[],"job":"%s","key":"%s","kind":"%s","members":[{"bundle":true,"path":"result.txt","sha256":"%s","size":%d}],"plugin":"%s","pluginVersion":1' \
        "${attempt##*/work/}" "$job" "$key" "${plugin#make-}" "$digest" "$size" "$plugin")
    tail=$(printf '"stage":"%s","summary":{"headline":["%s"]},"used":{"peakBytes":1048576,"seconds":60,"systemSeconds":1,"userSeconds":2}' "$stage" "$2")
    seal=$(printf '{%s,%s}' "$body" "$tail" | sha)
    printf '{%s,"seal":"%s",%s}' "$body" "$seal" "$tail" > .receipt.tmp
    mv .receipt.tmp receipt.json
}
