"""Calls toller mcp with the official client from PyPI:

    python clients.py URL COMMAND ARGUMENTS...

for the server at URL and for one that COMMAND starts, by the protocol of 2026-07-28
and by the one before. Run by .ci/mcp.
"""

import sys
import time

import anyio
from mcp import Client, StdioServerParameters

MANY = [f"{i} " + "Calcium slows the loss of bone. " * 60 for i in range(400)]
TEXTS = MANY[:30]


async def check(name, server, mode):
    async with Client(server, mode=mode) as client:
        assert client.protocol_version == ("2025-11-25" if mode == "legacy" else mode), client.protocol_version
        tools = (await client.list_tools()).tools
        assert sorted(t.name for t in tools) == ["list", "read_document", "rerank", "search"], tools

        found = await client.call_tool("search", {"query": "why does my fruit split?", "k": 3})
        hit = found.structured_content["hits"][0]
        assert hit["key"].endswith("tomatoes.html") and hit["key"] in found.content[0].text, found
        read = await client.call_tool("read_document", {"key": hit["key"], "start": hit["start"], "length": 100})
        assert "Growing tomatoes" in read.structured_content["text"], read
        listed = await client.call_tool("list", {"glob": "*.pdf"})
        assert len(listed.structured_content["documents"]) == 1, listed
        ranked = await client.call_tool("rerank", {"query": "loss of bone", "texts": ["rain", "calcium for bones"]})
        assert [r["text"] for r in ranked.structured_content["ranking"]] == [1, 0], ranked
        refused = await client.call_tool("read_document", {"key": "/etc/passwd"})
        assert refused.is_error and "no document" in refused.content[0].text, refused

        reports = []

        async def report(progress, total, message):
            reports.append(progress)

        start = time.monotonic()
        await client.call_tool("rerank", {"query": "loss of bone", "texts": TEXTS}, progress_callback=report)
        seconds = time.monotonic() - start
        assert len(reports) <= 2 * seconds and (reports or seconds < 1.2), (reports, seconds)
        assert reports == sorted(reports), reports

        with anyio.move_on_after(0.1) as scope:
            await client.call_tool("rerank", {"query": "loss of bone", "texts": MANY})
        assert scope.cancelled_caught
        listed = await client.call_tool("list", {"limit": 1})
        assert len(listed.structured_content["documents"]) == 1, listed
        print(f"{name}, protocol {client.protocol_version}: 4 tools, {len(reports)} reports of progress in {seconds:.1f} s, cancelled")


async def main():
    url, command, *arguments = sys.argv[1:]
    for mode in "2026-07-28", "legacy":
        await check("PyPI, stdio", StdioServerParameters(command=command, args=arguments), mode)
        await check("PyPI, http", url, mode)


anyio.run(main)
