"""What tests of the core share."""

from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service
