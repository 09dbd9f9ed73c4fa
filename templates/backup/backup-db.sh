# Carries out jobs that glitchtip-backup puts into /work/jobs: a folder NAME.job with a script, its variables, and pipes
# for its input and output where it has them. Taken by the name NAME.run; ended when NAME.run/code is there.
trap 'exit 143' TERM INT
jobs=${1:-/work/jobs}
rm -rf "$jobs"/*.run 2>/dev/null
while :; do
  for job in "$jobs"/*.job; do
    [ -d "$job" ] || continue
    run=${job%.job}.run
    mv "$job" "$run" || continue
    if [ -p "$run/stdin" ]; then in=$run/stdin; else in=/dev/null; fi
    (
      set -a
      . "$run/variables"
      set +a
      exec sh "$run/script" <"$in" >"$run/stdout" 2>"$run/stderr"
    ) &
    wait $!
    echo $? >"$run/code.tmp"
    mv "$run/code.tmp" "$run/code"
  done
  sleep 0.5 &
  wait $!
done
