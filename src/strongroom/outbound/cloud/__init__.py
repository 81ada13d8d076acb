"""Clouds: what authenticates a request to models that take no plain key. One file for each way.

Rules that every file here keeps:
- what clouds are asked goes through the port `Control`, whose dialer judges every address; a machine's own metadata
  service is the one exception, and is asked only where the operator lets this server be somebody;
- libraries that block run in threads, within the seconds that a request may wait;
- a cloud's words are never repeated: of a refusal there is its code.
"""
