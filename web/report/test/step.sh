#!/bin/sh
# One step of the page's tests, in a copy of web/report, so that the source stays as it is.
# Usage: step.sh install|build|unit|page FOLDER
set -eu
step=$1
copy=$2
source=$(cd "$(dirname "$0")/.." && pwd)

need() {
  command -v "$1" >/dev/null && return
  echo "the test of the report page needs $1: apt-get install $2 (or scripts/packages test)" >&2
  exit 1
}
need node nodejs
need npm npm

case $step in
  install)
    mkdir -p "$copy"
    for part in "$copy"/* "$copy"/.npmrc; do
      [ "$part" = "$copy/node_modules" ] || rm -rf "$part"
    done
    (cd "$source" && tar -c --exclude ./node_modules .) | tar -x -C "$copy"
    cd "$copy"
    npm ci --prefer-offline || { echo "npm ci needs the npm registry, or what it keeps from an earlier run" >&2; exit 1; }
    ;;
  build)
    cd "$copy"
    npm run build -- --outDir rebuilt
    cmp rebuilt/report.html dist/report.html || {
      echo "web/report/dist/report.html is not what its source builds: run npm ci && npm run build there, commit it" >&2
      exit 1
    }
    ;;
  unit)
    cd "$copy"
    npm test
    ;;
  page)
    need chromium chromium
    cd "$copy"
    npm run test:page
    ;;
  *)
    echo "usage: step.sh install|build|unit|page FOLDER" >&2
    exit 2
    ;;
esac
