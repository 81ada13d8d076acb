"""Who is compared. Each file here starts one and yields how requests reach the upstream through it."""
