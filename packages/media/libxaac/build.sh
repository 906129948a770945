#!/usr/bin/env bash
# Builds ../src/sound/aac/libxaac.wasm from the source that Cargo.lock pins, by the compiler that is pinned here. Needs cargo, Python 3 and their two registries.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ziglang==0.17.1
cargo vendor --locked --quiet "$work/vendor" > /dev/null
cp decoder.c setjmp.h "$work"
cd "$work"
source=vendor/libxaac-sys/libxaac
# The memory comes from outside, so that a module can be started anew in the same one.
venv/bin/python -m ziglang cc --target=wasm32-wasi-musl -Oz -mexec-model=reactor -fno-sanitize=undefined -DNDEBUG -w \
  -I. -I"$source/common" -I"$source/decoder" -I"$source/decoder/drc_src" decoder.c \
  "$source"/common/ixheaac_{esbr_fft,esbr_rom,fft_ifft_32x32_rom}.c "$source"/decoder/*.c \
  "$source/decoder/x86/ixheaacd_function_selector_x86.c" "$source/decoder/generic/ixheaacd_qmf_dec_generic.c" \
  -Wl,--gc-sections -Wl,--strip-all -Wl,--import-memory -Wl,-z,stack-size=1048576 -Wl,--max-memory=67108864 -o libxaac.wasm
cp libxaac.wasm "$OLDPWD/../src/sound/aac/libxaac.wasm"
sha256sum libxaac.wasm
