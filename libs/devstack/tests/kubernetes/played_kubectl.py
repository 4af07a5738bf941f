"""A `kubectl` that plays a cluster: it answers from a file, in order, and writes down what it was asked.

The folder PLAYED has `replies.json`: a list of `[pattern, [reply, ...]]`, matched in order against the arguments.
A reply is what is written, or `{"code": 1, "stderr": "..."}`; the last one of a pattern is repeated.
"""

import http.server
import json
import os
import re
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["PLAYED"])


def reply_to(command):
    for number, (pattern, replies) in enumerate(json.loads((FOLDER / "replies.json").read_text())):
        if re.search(pattern, command):
            counter = FOLDER / f"count-{number}"
            count = int(counter.read_text()) if counter.exists() else 0
            counter.write_text(str(count + 1))
            return replies[min(count, len(replies) - 1)]
    return ""


class Gateway(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        reply = reply_to(f"GET {self.path}") or 200
        self.send_response(reply)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments):
        pass


def main(arguments):
    command = " ".join(arguments)
    reads = "-" in arguments and "exec" not in arguments
    call = {"command": command, "stdin": sys.stdin.read() if reads or " -i " in command else ""}
    with (FOLDER / "calls.jsonl").open("a") as file:
        file.write(json.dumps(call) + "\n")
    if " touch " in command:
        (FOLDER / "stop").touch()
    reply = reply_to(command)
    if "port-forward" in arguments and not reply:
        port = int(arguments[-1].partition(":")[0])
        http.server.HTTPServer(("127.0.0.1", port), Gateway).serve_forever()
    if " -i load " in command and not isinstance(reply, dict):
        print("begun", flush=True)
        while not (FOLDER / "stop").exists():
            time.sleep(0.02)
        (FOLDER / "stop").unlink()
    if isinstance(reply, dict) and "code" in reply:
        sys.stderr.write(reply["stderr"])
        return reply["code"]
    sys.stdout.write(reply if isinstance(reply, str) else json.dumps(reply))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
