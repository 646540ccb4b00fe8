set -euo pipefail

usage() {
    cat <<'END'
Usage: bash FILE [--dry-run | --apply | --rollback]

  --dry-run   shows what would be done, and changes nothing (this is the default)
  --apply     does it; what is done already is left alone, so that it can be run again
  --rollback  undoes what --apply does: back to what the audit saw. With --dry-run it only shows how

Settings, by environment variable:
  NATWISE_INTERFACE_ENDPOINTS=yes  make the interface endpoints, which are paid by the hour (no: leave them out)
  NATWISE_ENDPOINT_ZONES=no        put endpoints into further zones, each paid by the hour
  NATWISE_PRIVATE_DNS=no           turn private DNS of endpoints on, which moves all clients of a VPC at once
  NATWISE_DEFAULT_ROUTES=no        lead default routes to the gateway of the zone: connections break once

It needs the AWS CLI and credentials of the account; steps of other accounts are skipped.
END
}

action=apply dry=yes
for argument in "$@"; do
    case $argument in
    --apply) action=apply dry=no ;;
    --rollback) action=rollback dry=no ;;
    --dry-run) ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
done
for argument in "$@"; do
    if [ "$argument" = --dry-run ]; then dry=yes; fi
done

: "${NATWISE_INTERFACE_ENDPOINTS:=yes}" "${NATWISE_ENDPOINT_ZONES:=no}"
: "${NATWISE_PRIVATE_DNS:=no}" "${NATWISE_DEFAULT_ROUTES:=no}"
export AWS_PAGER=''
changes=0 skipped=0 failures=0 picked=()
living="VpcEndpoints[?!contains(['deleting', 'deleted', 'rejected', 'failed', 'expired'], State)]"

say() { printf '%s\n' "$*"; }

# Starts a step: its number, its account and what it does. False if these credentials are of another account.
here() {
    say ''
    say "$1. $3"
    if [ "$account" != "$2" ]; then
        say "   skipped: it is in account $2, and these credentials are of account $account"
        skipped=$((skipped + 1))
        return 1
    fi
}

# Whether the user wants a step.
wanted() {
    if [ "${!1}" != yes ]; then
        say "   left out: $1=yes includes it"
        return 1
    fi
}

nothing() { say "   nothing to do: $*"; }

# A step that could not be looked at changes nothing, and does not stop the others.
unseen() {
    say "   failed: ${1:-see the message above}; this step changed nothing"
    failures=$((failures + 1))
}

# What AWS says, on one line; nothing if it says nothing.
ask() {
    local said
    said=$("$@" --output text) || return
    said=${said//$'\t'/ }
    said=${said//$'\n'/ }
    if [ "$said" != None ]; then printf '%s' "$said"; fi
}

# Shows a command, and runs it unless this is a dry run.
run() {
    changes=$((changes + 1))
    printf '   $'
    LC_ALL=C printf ' %q' "$@"
    printf '\n'
    if [ "$dry" = no ]; then "$@" >/dev/null; fi
}

# Deletes an endpoint; AWS tells of a refusal in its answer only.
delete_endpoint() {
    local refused
    changes=$((changes + 1))
    say "   \$ aws ec2 delete-vpc-endpoints --region $1 --vpc-endpoint-ids $2"
    if [ "$dry" = yes ]; then return; fi
    refused=$(ask aws ec2 delete-vpc-endpoints --region "$1" --vpc-endpoint-ids "$2" --query 'Unsuccessful[].Error.Message')
    if [ -n "$refused" ]; then
        say "   failed: $refused" >&2
        exit 1
    fi
}

# Of some ids those that are (present) or are not (absent) in a list: into the array "picked".
pick() {
    local which=$1 list=" $2 " each state
    shift 2
    picked=()
    for each in "$@"; do
        case $list in
        *" $each "*) state=present ;;
        *) state=absent ;;
        esac
        if [ "$state" = "$which" ]; then picked+=("$each"); fi
    done
}

# The endpoints in a Region that some filters match.
endpoints() {
    local region=$1
    shift
    ask aws ec2 describe-vpc-endpoints --region "$region" --filters "$@" --query "$living.VpcEndpointId"
}

# Waits until an endpoint has given its interfaces back, at most ten minutes: Region, id, and filters that match it.
wait_until_gone() {
    local region=$1 id=$2 round there
    shift 2
    if [ "$dry" = yes ]; then return; fi
    for round in {1..120}; do
        there=$(ask aws ec2 describe-vpc-endpoints --region "$region" --filters "$@" \
            --query "VpcEndpoints[?State != 'deleted'].VpcEndpointId")
        pick present "$there" "$id"
        if [ ${#picked[@]} = 0 ]; then return; fi
        if [ "$round" = 1 ]; then say "   waiting until $id is gone"; fi
        sleep 5
    done
    say "   failed: $id is still there" >&2
    exit 1
}

# Whether a VPC resolves private names.
resolves() {
    local attribute
    for attribute in enableDnsSupport enableDnsHostnames; do
        if [ "$(ask aws ec2 describe-vpc-attribute --region "$1" --vpc-id "$2" --attribute "$attribute" --query "*.Value | [0]")" != True ]; then
            say "   left out: $2 needs $attribute on for private DNS"
            return 1
        fi
    done
}

account=$(aws sts get-caller-identity --query Account --output text)
