#!/usr/bin/env python3
"""Makes a bundle in a temporary directory, unpacks it, and starts what its manifest names: check.py BINARY"""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "check", "version": "1"}},
}


def filled(text, directory, settings):
    """A text of the manifest with what the host puts in."""
    text = text.replace("${__dirname}", str(directory))
    for name, value in settings.items():
        text = text.replace("${user_config." + name + "}", value)
    assert "${" not in text, f"nothing fills {text}"
    return text


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        out = home / "sextant.mcpb"
        subprocess.run([sys.executable, HERE / "make.py", binary, out, "--level", "1"], check=True)
        with zipfile.ZipFile(out) as bundle:
            for entry in bundle.infolist():
                path = pathlib.Path(bundle.extract(entry, home / "installed"))
                path.chmod(entry.external_attr >> 16 & 0o777)
            names = sorted(bundle.namelist())
        installed = home / "installed"
        manifest = json.loads((installed / "manifest.json").read_text())
        server = manifest["server"]
        assert names == sorted(["manifest.json", "LICENSE", server["entry_point"]]), names
        assert manifest["compatibility"]["platforms"] == [sys.platform], manifest["compatibility"]
        config = server["mcp_config"]
        for name, value in config["env"].items():
            assert value.removeprefix("${user_config.").removesuffix("}") in manifest["user_config"], (name, value)
        settings = {"models": str(ROOT / "semantic-models/commerce"), "data": str(ROOT / "fixtures/commerce")}
        command = [filled(word, installed, settings) for word in [config["command"], *config["args"]]]
        assert pathlib.Path(command[0]) == installed / server["entry_point"], command
        environment = {name: filled(value, installed, settings) for name, value in config["env"].items()}
        asked = json.dumps(INITIALIZE) + "\n"
        started = subprocess.run(command, input=asked, capture_output=True, text=True, env=environment, cwd=home, timeout=60)
        answer = json.loads(started.stdout)
        assert answer["result"]["serverInfo"]["version"] == manifest["version"], answer
    print("the bundle starts")


if __name__ == "__main__":
    main()
