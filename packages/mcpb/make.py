#!/usr/bin/env python3
"""Makes the bundle that Claude Desktop installs: make.py BINARY OUT.mcpb [--platform darwin|win32|linux]

A bundle holds one binary, for one platform: the manifest inside names that platform alone. The version is the binary's
own, and must be the manifest's.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = 0o100755
FILE = 0o100644


def manifest_for(platform):
    manifest = json.loads((HERE / "manifest.json").read_text())
    manifest["compatibility"]["platforms"] = [platform]
    if platform == "win32":
        manifest["server"]["entry_point"] += ".exe"
    return manifest


def version_of(binary):
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[-1]


def add(bundle, name, content, mode, level):
    entry = zipfile.ZipInfo(name)  # its date is fixed: the same binary gives the same bytes
    entry.external_attr = mode << 16
    entry.create_system = 3  # Unix, so that the mode counts
    entry.compress_type = zipfile.ZIP_DEFLATED
    bundle.writestr(entry, content, compresslevel=level)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--platform", choices=["darwin", "win32", "linux"], default=sys.platform)
    parser.add_argument("--level", type=int, default=9, help="how hard to compress, 1 to 9")
    asked = parser.parse_args()
    manifest = manifest_for(asked.platform)
    if asked.platform == sys.platform and version_of(asked.binary.resolve()) != manifest["version"]:
        sys.exit(f"{asked.binary} is of version {version_of(asked.binary.resolve())}, the manifest of {manifest['version']}")
    with zipfile.ZipFile(asked.out, "w") as bundle:
        add(bundle, "manifest.json", json.dumps(manifest, indent=2) + "\n", FILE, asked.level)
        add(bundle, "LICENSE", (ROOT / "LICENSE").read_text(), FILE, asked.level)
        add(bundle, manifest["server"]["entry_point"], asked.binary.read_bytes(), PROGRAM, asked.level)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB for {asked.platform}")


if __name__ == "__main__":
    main()
