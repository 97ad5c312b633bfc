"""What huggingface_hub does with a cache, for interop_test.go: a command, a
repository's id, and names of files."""

import os
import sys

import huggingface_hub as hub
from huggingface_hub import constants, file_download
from huggingface_hub.utils import WeakFileLock

command, repo, names = sys.argv[1], sys.argv[2], sys.argv[3:]

if command == "read":  # what somebody else has written; the environment is offline
    folder = hub.snapshot_download(repo)
    for name in names:
        path = hub.hf_hub_download(repo, name)
        assert path == os.path.join(folder, name), path
        assert os.path.islink(path), path
    absent = hub.try_to_load_from_cache(repo, "artifact.metadata")
    assert absent is file_download._CACHED_NO_EXIST, absent
    cache = hub.scan_cache_dir()
    assert not cache.warnings, cache.warnings
    (found,) = cache.repos
    assert found.repo_id == repo, found
    (revision,) = found.revisions
    assert revision.refs == {"main"}, revision
    assert {os.path.relpath(f.file_path, folder) for f in revision.files} == set(names), revision.files
    print(folder)
elif command == "write":  # as transformers does, file by file
    for name in names:
        hub.hf_hub_download(repo, name)
elif command == "snapshot":
    print(hub.snapshot_download(repo))
elif command == "lock":  # a blob's, until standard input ends
    folder = file_download.repo_folder_name(repo_id=repo, repo_type="model")
    path = os.path.join(constants.HF_HUB_CACHE, ".locks", folder, names[0] + ".lock")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with WeakFileLock(path):
        print("held", flush=True)
        sys.stdin.read()
else:
    sys.exit("unknown command " + command)
