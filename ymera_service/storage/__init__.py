"""Tables, migrations, the recorder and retention: the only package with SQL.

Read `records` for what is stored, `opening` for what a server stores with, `database` for reading, `recorder` for
writing, `journal` for what is known of calls after a crash, `retention` for deleting.
"""

from ymera_service.storage.database import Database
from ymera_service.storage.integrity import Integrity
from ymera_service.storage.journal import Journal, prefix_of
from ymera_service.storage.opening import Storage
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.recovery import Readers, recover
from ymera_service.storage.retention import Retention

__all__ = ["Database", "Integrity", "Journal", "Readers", "Recorder", "Retention", "Storage", "prefix_of", "recover"]
