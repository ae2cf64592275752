"""`python -m sandbox.demo`: writes tenant.json and tenant_mode_a.json anew."""

from sandbox.demo import DATA_FILE, MODE_A_FILE, generate

made = generate()
for file, text in ((DATA_FILE, made.text()), (MODE_A_FILE, made.text_a())):
    file.write_text(text, encoding="utf-8")
    print(f"wrote {file}")
