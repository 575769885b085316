"""Who may do what: access tokens and roles."""

from stubserver.security.tokens import (
    Guard,
    Principal,
    Role,
    digest_of,
    hint_of,
    looks_like_token,
    new_token,
    secrets_in,
)

__all__ = ["Guard", "Principal", "Role", "digest_of", "hint_of", "looks_like_token", "new_token", "secrets_in"]
