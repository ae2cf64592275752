"""`python -m sandbox.demo`: writes tenant.json anew."""

from sandbox.demo import DATA_FILE, generate

DATA_FILE.write_text(generate().text(), encoding="utf-8")
print(f"wrote {DATA_FILE}")
