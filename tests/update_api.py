"""Write the public interface as it is now: `python -m tests.update_api`."""

import universalde
from tests.api_snapshot import SNAPSHOT, describe

if __name__ == "__main__":
    lines = describe(universalde)
    SNAPSHOT.write_text("\n".join(lines) + "\n", "utf8")
    print(f"{len(lines)} lines written to {SNAPSHOT}")
