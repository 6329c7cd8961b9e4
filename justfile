# Recipes for people; `.ci/run` is what must pass.

# Builds, makes data, answers.
demo:
    cargo run -- demo

# Everything, offline.
test:
    cargo test --workspace

# The inner loop: no Arrow, seconds.
quick:
    cargo test -p sextant-semantics

# Format and lint.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Rewrites goldens; read the diff.
update:
    UPDATE=1 cargo test --workspace

# What compiling a question costs.
bench:
    cargo run --release -p sextant-benches

# Plants bugs one at a time; each must turn a test red.
mutants:
    python3 tests/mutants.py

# What must hold before a change lands.
ci:
    bash .ci/run
