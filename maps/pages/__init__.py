"""The pages: each a frozen context, and ``render(context, *, language, nonce) -> str``."""
