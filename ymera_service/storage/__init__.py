"""Tables, migrations, the recorder and retention: the only package with SQL.

Read `records` for what is stored, `database` for opening and reading, `recorder` for writing, `journal` for what is
known of calls after a crash, `retention` for deleting.
"""

from ymera_service.storage.database import Database
from ymera_service.storage.integrity import Integrity
from ymera_service.storage.journal import Journal, prefix_of
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.recovery import recover
from ymera_service.storage.retention import Retention

__all__ = ["Database", "Integrity", "Journal", "Recorder", "Retention", "prefix_of", "recover"]
