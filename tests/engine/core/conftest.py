"""What tests of the core share."""

from tests.postgres import database as database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_of_all_tests as postgres_of_all_tests
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service
