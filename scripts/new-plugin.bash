# What new-backbone and new-stage share: they source this file in the project's folder. Nothing of the project is changed
# before `put`, and what `put` has begun it takes back where it cannot end it.

# A to Z are 26 letters, whatever the language.
LC_ALL=C

fail() {
    echo "error: $1" >&2
    echo "  remedy: $2" >&2
    exit 1
}

# Names that Swift, its library or Foundation have already.
taken_by_swift="Any AnyObject Self Type Protocol Never Void Swift Foundation Glibc Dispatch Synchronization Testing XCTest
    Array Bool Character Collection Comparable Data Date Decodable Decoder Dictionary Double Encodable Encoder Equatable
    Error FileHandle FileManager Float Hashable Identifiable Int Never Optional Process Range Result Sendable Sequence Set
    String Task Thread UInt URL UUID"

# check_name NAME SCRIPT EXAMPLE SAMPLE: refuses what cannot be a plugin's name. SAMPLE: the plugin that is written under it.
check_name() {
    local name=$1 plain=${1,,} word folder other
    [[ $name =~ ^[A-Z][A-Za-z0-9]{1,59}$ ]] ||
        fail "'$name' is no name for a plugin" "give one in capitals and small letters, such as: scripts/$2 $3"
    for word in $taken_by_swift; do
        [[ ${word,,} != "$plain" ]] || fail "'$name' is a word or module of Swift's own" "choose another name"
    done
    for folder in Sources/*/ Plugins/*/ Tests/*/; do
        other=$(basename "$folder")
        [[ ${other,,} != "$plain" && ${other,,} != "${plain}tests" ]] ||
            fail "there is a module '$other' already" "choose another name"
    done
    ! grep -q "\"$name\"" Package.swift || fail "Package.swift names '$name' already" "choose another name"
    # A type called as one that the plugin is made of would hide it.
    ! grep -qwr "$name" "Tests/$4" "Tests/$4Tests" ||
        fail "the code needs the word '$name' itself" "choose another name"
    ! grep -qrE "^ *(public |package )?(final |indirect )*(struct|class|enum|protocol|actor|typealias) $name\b" \
        --include='*.swift' Sources || fail "there is a type '$name' already" "choose another name"
}

# Where everything is made ready.
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
ready=()

# edited FILE SED-SCRIPT TIMES: makes a changed copy ready; `$name` must have come into so many lines.
edited() {
    mkdir -p "$staged/new/$(dirname "$1")"
    sed "$2" "$1" >"$staged/new/$1"
    [[ $(grep -cw "$name" "$staged/new/$1") -eq $3 ]] ||
        fail "$1 is not laid out as this script knows it" "add '$name' by hand, as '$4' is in it"
    ready+=("$1")
}

# written SOURCE FILE SED-SCRIPT: makes a new file ready.
written() {
    mkdir -p "$staged/new/$(dirname "$2")"
    sed "$3" "$1" >"$staged/new/$2"
    ready+=("$2")
}

# put: brings all that is ready into the project, or nothing of it.
put() {
    local file
    # In imports' order, and in lines that are not too long.
    for file in "${ready[@]}"; do
        [[ $file != *.swift ]] ||
            swift format format -i --configuration .swift-format "$staged/new/$file" 2>/dev/null || true
    done
    for file in "${ready[@]}"; do
        [[ ! -e $file ]] || { mkdir -p "$staged/old/$(dirname "$file")" && cp -p "$file" "$staged/old/$file"; }
    done
    trap take_back ERR INT TERM
    for file in "${ready[@]}"; do
        mkdir -p "$(dirname "$file")"
        # Into the same file: its permissions stay, and so does what points to it.
        cat "$staged/new/$file" >"$file"
    done
    trap - ERR INT TERM
}

take_back() {
    local file
    trap - ERR INT TERM
    for file in "${ready[@]}"; do
        if [[ -e $staged/old/$file ]]; then
            cmp -s "$staged/old/$file" "$file" || cat "$staged/old/$file" >"$file" || true
        else
            rm -f "$file"
            rmdir "$(dirname "$file")" 2>/dev/null || true
        fi
    done
    fail "the plugin could not be written" "look at the message above; nothing of it is left"
}
