# SPDX-License-Identifier: GPL-2.0-only
"""Secret files: their form, and that a secret is sent and never printed."""

import os
import tempfile

from fake_kernel import attr, attrs
from harness import V, equal, run

ONE, OTHER = b"0123456789abcdef" * 2, bytes(range(0x80, 0xc0))
LISTEN = ["target", "listen", "192.0.2.1:7000", "secret-file"]


def with_file(content, mode=0o600, words=None):
    """A run with a file of this content as the last word."""
    with tempfile.TemporaryDirectory() as scratch:
        path = f"{scratch}/secret"
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        result = run(*(words or LISTEN), path)
        result.err = result.err.replace(path, "FILE")
        return result


def sent(result):
    equal((result.status, result.err, result.out), (0, "", ""))
    equal(len(result.sent), 1)
    return [payload for kind, payload in attrs(result.sent[0].body)
            if kind == V.A_TARGET_SECRET]


def test_each_line_of_a_secret_file_is_a_secret():
    for content, wanted in (
            (ONE, [ONE]), (ONE + b"\n", [ONE]), (OTHER, [OTHER]),
            (ONE + b"\n" + OTHER, [ONE, OTHER]),
            (OTHER + b"\n" + ONE + b"\n", [OTHER, ONE]),
            (b"\0" * 32, [b"\0" * 32]), (b" " * 33, [b" " * 33])):
        equal(sent(with_file(content)), wanted)
        result = run(*LISTEN, "-", stdin=content)
        equal(sent(result), wanted)


def test_secrets_of_wrong_length_are_refused():
    for content, text in (
            (b"", "empty"), (b"\n", "line 1 has 0 bytes, not 32 to 64"),
            (ONE[:31], "line 1 has 31 bytes, not 32 to 64"),
            (ONE[:31] + b"\n", "line 1 has 31 bytes, not 32 to 64"),
            (OTHER + b"x", "line 1 has 65 bytes, not 32 to 64"),
            (ONE + b"\n\n", "line 2 has 0 bytes, not 32 to 64"),
            (ONE + b"\n" + ONE[:7], "line 2 has 7 bytes, not 32 to 64"),
            (ONE + b"\n" + ONE + b"\n" + ONE,
             "more than two lines, a secret each"),
            (b"x" * 10 ** 6, "more than two lines of 64 bytes")):
        result = with_file(content)
        equal((result.status, len(result.sent), result.err),
              (1, 0, f"braid: secret-file FILE: {text}\n"))
        result = run(*LISTEN, "-", stdin=content)
        equal((result.status, result.err),
              (1, f"braid: secret-file -: {text}\n"))


def test_secret_files_that_others_can_read_are_refused():
    for mode in (0o640, 0o604, 0o660, 0o601, 0o644):
        result = with_file(ONE, mode)
        equal((result.status, len(result.sent)), (1, 0))
        assert "secret-file FILE: others may read" in result.err, result.err
    for mode in (0o600, 0o400, 0o700):
        equal(sent(with_file(ONE, mode)), [ONE])


def test_unreadable_secret_files_are_refused():
    for path, text in (("/no/such/file", "No such file or directory"),
                       ("/", "Is a directory"), ("", "not a file")):
        result = run(*LISTEN, path)
        equal((result.status, len(result.sent)), (1, 0))
        assert text in result.err, result.err


def test_a_secret_is_never_printed():
    """In no case of failure."""
    with_secret = ["volume", "attach", "db", "from", "192.0.2.1:7000",
                   "secret-file"]
    for words in (LISTEN, with_secret):
        for content in (ONE, ONE[:20], ONE * 3, ONE + b"\n" + ONE[:9]):
            for option in ("-d", "-j"):
                result = with_file(content, words=[option, *words])
                assert ONE[:9].decode() not in result.out + result.err
    message = with_file(ONE, words=with_secret).sent[0]
    equal(message.body.count(attr(V.A_VOLUME_SECRET, ONE)), 1)
