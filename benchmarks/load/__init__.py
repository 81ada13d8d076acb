"""The load generator: a process of its own that is handed jobs and answers with what it measured."""
