"""Schemas: the shape of every answer, with examples in Chinese. Public ones forbid any other member."""
