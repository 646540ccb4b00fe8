
say ''
if [ "$changes" = 0 ]; then
    say 'Nothing to do.'
elif [ "$dry" = yes ]; then
    say "$changes command(s) to run; nothing was changed. --apply runs them, --rollback undoes them."
else
    say "$changes command(s) run."
fi
if [ "$skipped" != 0 ]; then say "$skipped step(s) of other accounts were skipped."; fi
if [ "$failures" != 0 ]; then
    say "$failures step(s) could not be looked at." >&2
    exit 1
fi
