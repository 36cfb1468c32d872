"""A mail provider on 127.0.0.1 that takes everything: SendGrid's and Postmark's batch calls, after a delay.

::

    python tests/benchmarks/mail_server.py PORT MILLISECONDS

A bare asyncio server, so that whoever is measured against it waits for himself. It counts the messages it took; ``GET
/count`` tells.
"""

import asyncio
import json
import sys

SENDGRID, POSTMARK = b"/v3/mail/send", b"/email/batch"


class Server:
    """Takes requests; ``delay`` is in seconds."""

    def __init__(self, delay: float) -> None:
        self.delay, self.taken, self.requests = delay, 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open as long as the client likes."""
        try:
            while line := await reader.readline():
                path, size = line.split()[1], 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        size = int(value)
                body = await reader.readexactly(size)
                if path != b"/count" and self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(self.answer(path, body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, path: bytes, body: bytes) -> bytes:
        """What SendGrid or Postmark says to a batch; counting is cheap, so as not to be measured with it."""
        if path == b"/count":
            return _response(200, json.dumps([self.taken, self.requests]).encode())
        self.requests += 1
        if path.startswith(SENDGRID):
            self.taken += body.count(b'"to":')
            return _response(202, b"", b"X-Message-Id: x\r\n")
        count = body.count(b'"To":')
        self.taken += count
        each = b'{"ErrorCode":0,"Message":"OK","MessageID":"b7bc2f4a-e38e-4336-af7d-%012x","To":"a@b.example"}'
        numbers = range(self.taken - count, self.taken)
        return _response(200, b"[" + b",".join([each % number for number in numbers]) + b"]")


def _response(status: int, body: bytes, headers: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"\r\n" + body


async def main(port: int, milliseconds: float) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(Server(milliseconds / 1000).serve, "127.0.0.1", port, limit=1 << 24)
    async with server:
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
