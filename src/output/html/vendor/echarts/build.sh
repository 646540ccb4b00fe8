#!/bin/sh
# Makes echarts.js from entry.js: Apache ECharts with the charts of the report and nothing else. Needs npm, and writes
# only beside itself. To renew: raise the versions, run it, run tests/run -k html.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp entry.js "$folder/"
npm --prefix "$folder" install --silent --no-audit --no-fund --ignore-scripts echarts@6.1.0 esbuild@0.28.2
"$folder/node_modules/.bin/esbuild" "$folder/entry.js" --bundle --minify --format=iife --global-name=echarts \
    --target=es2020 --charset=ascii --define:process.env.NODE_ENV='"production"' --legal-comments=none \
    --banner:js='/*! Apache ECharts 6.1.0, Copyright The Apache Software Foundation, Apache License 2.0; zrender 6.1.0, Copyright Baidu Inc., BSD 3-Clause; tslib, Copyright Microsoft Corporation, 0BSD; d3, Copyright Michael Bostock, BSD 3-Clause. Custom build. */' \
    --outfile=echarts.js
for licence in echarts/LICENSE echarts/NOTICE echarts/licenses/LICENSE-d3 zrender/LICENSE tslib/LICENSE.txt; do
    name=$(printf %s "$licence" | sed 's|/licenses/|/|; s|\.txt$||; s|/|-|')
    cp "$folder/node_modules/$licence" "$name"
done
