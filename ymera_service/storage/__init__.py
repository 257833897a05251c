"""Tables, migrations, the recorder and retention: the only package with SQL.

Read `records` for what is kept, `database` for how it is opened and read, `recorder` for how it is written,
`retention` for how it is deleted.
"""

from ymera_service.storage.database import Database
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.retention import Retention

__all__ = ["Database", "Recorder", "Retention"]
