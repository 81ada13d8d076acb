# The same names as in the Makefile, for those who type `just`.

fmt:
    @make fmt

lint:
    @make lint

types:
    @make types

test *args:
    @make test ARGS="{{args}}"

docs:
    @make docs
