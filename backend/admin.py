"""Make an admin, or give one a new password: `python admin.py`.

Asks for the e-mail address, a name and a password. Uses the embedded PostgreSQL unless DATABASE_URL is set, also while
the server is running. An account that exists becomes an admin, is enabled, and gets the password.
"""

import sys
from getpass import getpass

from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError

from tracker.config import Settings, SettingsError
from tracker.startup import StartupError, complain, first_line, running_database, upgrade_database


def main() -> int:
    """Ask, and make the admin; returns the exit code."""
    try:
        email, name, password = ask()
        with running_database(Settings.load()) as settings:
            return make_admin(settings, email=email, name=name, password=password)
    except ValidationError as error:
        return complain(" ".join(map(str, error.messages)))
    except (SettingsError, StartupError) as error:
        return complain(str(error))
    except DBAPIError as error:
        return complain(f"The database stopped the work ({first_line(error)}); nothing was changed.")
    except (KeyboardInterrupt, EOFError):
        return complain("Nothing was changed.", 130)


def ask() -> tuple[str, str, str]:
    """The e-mail address, the name and the password of the admin.

    :raises ValidationError: where one of them cannot be used.
    """
    from tracker.accounts.schemas import Email, Password
    from tracker.wire import NAME_MAX, Text

    email = Email().deserialize(input("E-mail address: "))
    name = Text(low=1, high=NAME_MAX).deserialize(input("Name, as others see it: "))
    password = Password().deserialize(getpass("Password, at least 12 characters: "))
    if getpass("The same again: ") != password:
        raise ValidationError("The two passwords are not the same.")
    return email, name, password


def make_admin(settings: Settings, *, email: str, name: str, password: str) -> int:
    """Make the admin in the database of the settings; returns the exit code."""
    from tracker import create_app
    from tracker.accounts import operations
    from tracker.extensions import db
    from tracker.problems import Invalid

    app = create_app(settings)
    upgrade_database(app)
    with app.app_context():
        try:
            operations.make_admin(email=email, name=name, password=password)
        except Invalid as error:
            return complain(" ".join(message for messages in (error.errors or {}).values() for message in messages))
        db.session.commit()
    print(f"{name} ({email}) is an admin.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
