#!/usr/bin/env python3
"""Makes documents with programs of others, and the text that those give for them.

    corpus.py ABSTRACTS.jsonl FOLDER

Each document NAME lies beside NAME.txt, its text as the program that made it, or
another that reads the format, has it. Programs that aren't there are named and
passed over. TestCorpus compares with what toller reads.
"""
import email.message, email.policy, gzip, json, mailbox, os, shutil, subprocess, sys, tempfile
from email.message import EmailMessage

source, out = sys.argv[1], os.path.abspath(sys.argv[2])
os.makedirs(out, exist_ok=True)
abstracts = [json.loads(line) for line in open(source, encoding="utf-8")]
scratch = tempfile.mkdtemp()
made, absent = 0, set()


def has(program):
    if shutil.which(program):
        return True
    absent.add(program)
    return False


def run(*command, **options):
    """Runs a program and returns what it prints."""
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL if "input" not in options else None, timeout=240, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout.decode("utf-8", errors="replace")


def keep(name, text):
    """Notes the text of a document that lies in the folder."""
    global made
    with open(os.path.join(out, name + ".txt"), "w", encoding="utf-8") as f:
        f.write(text)
    made += 1


def path(name):
    return os.path.join(out, name)


def plain(s):
    """Words without what Markdown or TeX would take for a mark."""
    return "".join(" " if c in "*_`[]<>#~^$\\|{}&%\"'@+=" else c for c in s)


def article(n):
    """An article of four abstracts in Markdown, with a list and a table."""
    parts = [f"# Report number {n} of the library", ""]
    for a in abstracts[4 * n : 4 * n + 4]:
        parts += ["## " + plain(a["title"]), "", plain(a["text"]), ""]
    parts += ["## Checklist", "", "- the first thing to see to", "- the second thing, with *emphasis*", "", "| harbour | depth |", "|---|---|", "| Kiel | nine metres |", "| Łódź | none at all |", ""]
    parts += ["Größe, naïve, œuvre and façade end the report.", ""]
    return "\n".join(parts)


articles = [article(n) for n in range(5)]
for n, text in enumerate(articles):
    with open(os.path.join(scratch, f"a{n}.md"), "w", encoding="utf-8") as f:
        f.write(text)


def of(n):
    return os.path.join(scratch, f"a{n}.md")


def pdf(name):
    keep(name, run("pdftotext", "-enc", "UTF-8", path(name), "-"))


texts = []
if has("pandoc"):
    for n in range(len(articles)):
        texts.append(run("pandoc", "-f", "markdown-smart", "-t", "plain", "--wrap=none", of(n)))
        for ending, arguments in {
            "docx": [], "odt": [], "pptx": [], "rtf": ["-s"], "epub": ["-t", "epub3"], "2.epub": ["-t", "epub2"], "html": ["-s"], "ipynb": [], "md": ["-t", "gfm"],
        }.items():
            name = f"pandoc{n}.{ending}"
            meta = ["--metadata", f"title=Report {n}"] if ending in ("html", "epub", "2.epub") else []
            run("pandoc", "-f", "markdown-smart", *arguments, *meta, "--wrap=none", of(n), "-o", path(name))
            keep(name, texts[n])

if has("pdftotext"):
    if has("pdflatex") and has("pandoc"):
        for n, options in enumerate((["twocolumn"], ["12pt"], ["twocolumn", "9pt"])):
            body = run("pandoc", "-f", "markdown-smart", "-t", "latex", of(n))
            body = body.split("\\begin{longtable}")[0] + body.split("\\end{longtable}")[-1]
            tex = os.path.join(scratch, f"tex{n}.tex")
            with open(tex, "w", encoding="utf-8") as f:
                f.write("\\documentclass[%s]{article}\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}\\usepackage{hyperref}" % ",".join(options))
                f.write("\\DeclareUnicodeCharacter{03B1}{a}\\providecommand{\\tightlist}{}\\begin{document}" + "".join(c for c in body if ord(c) < 0x250) + "\\end{document}")
            subprocess.run(["pdflatex", "-interaction=nonstopmode", f"-output-directory={scratch}", tex], capture_output=True, stdin=subprocess.DEVNULL, timeout=240)
            shutil.copy(os.path.join(scratch, f"tex{n}.pdf"), path(f"pdflatex{n}.pdf"))
            # pdftotext mixes its columns, and has no ligatures of fonts without names.
            keep(f"pdflatex{n}.pdf", run("pandoc", "-f", "latex", "-t", "plain", "--wrap=none", tex))
    if has("chromium"):
        for n in range(2):
            run("pandoc", "-s", "--metadata", "title=Report", of(n), "-o", os.path.join(scratch, f"page{n}.html"))
            run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
                f"--user-data-dir={scratch}/chromium", "--print-to-pdf=" + path(f"chromium{n}.pdf"), os.path.join(scratch, f"page{n}.html"))
            pdf(f"chromium{n}.pdf")
    if has("groff"):
        for n in range(2):
            ms = run("pandoc", "-f", "markdown-smart", "-t", "ms", "-s", of(n))
            for device in ("ps", "pdf"):
                done = subprocess.run(["groff", "-K", "utf8", "-ms", "-t", "-T" + device], input=ms.encode(), capture_output=True, timeout=240)
                target = os.path.join(scratch, f"g{n}.ps") if device == "ps" else path(f"groff{n}.pdf")
                if done.stdout:
                    open(target, "wb").write(done.stdout)
            if os.path.exists(path(f"groff{n}.pdf")):
                pdf(f"groff{n}.pdf")
            if has("gs") and os.path.exists(os.path.join(scratch, f"g{n}.ps")):
                run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-o", path(f"ghostscript{n}.pdf"), os.path.join(scratch, f"g{n}.ps"))
                pdf(f"ghostscript{n}.pdf")
    try:
        from reportlab.lib.styles import getSampleStyleSheet
        from reportlab.platypus import Paragraph, SimpleDocTemplate

        style = getSampleStyleSheet()["BodyText"]
        for n in range(2):
            SimpleDocTemplate(path(f"reportlab{n}.pdf")).build([Paragraph("".join(c for c in plain(a["text"]) if ord(c) < 256), style) for a in abstracts[10 * n : 10 * n + 6]])
            pdf(f"reportlab{n}.pdf")
    except ImportError:
        absent.add("reportlab")

if has("soffice") and has("pandoc"):
    office = ["soffice", f"-env:UserInstallation=file://{scratch}/office", "--headless"]
    folder = os.path.join(scratch, "converted")
    copies = []
    for n in range(4):
        copies.append(os.path.join(scratch, f"office{n}.docx"))
        shutil.copy(path(f"pandoc{n}.docx"), copies[-1])
    for ending in ("odt", "rtf", "pdf", "html"):
        run(*office, "--convert-to", ending, "--outdir", folder, *copies)
        for n in range(4):
            name = f"office{n}.{ending}"
            shutil.copy(os.path.join(folder, name), path(name))
            if ending == "pdf":
                pdf(name)
            else:
                keep(name, texts[n])
    rows = "name,text\n" + "".join(f"row {i},{plain(a['title']).replace(',', ' ')}\n" for i, a in enumerate(abstracts[:40]))
    with open(os.path.join(scratch, "table.csv"), "w", encoding="utf-8") as f:
        f.write(rows)
    for ending in ("xlsx", "ods"):
        run(*office, "--infilter=CSV:44,34,76", "--convert-to", ending, "--outdir", folder, os.path.join(scratch, "table.csv"))
        shutil.copy(os.path.join(folder, f"table.{ending}"), path(f"office-table.{ending}"))
        keep(f"office-table.{ending}", rows.replace(",", " "))

if has("qpdf"):
    for n, name in enumerate(sorted(f for f in os.listdir(out) if f.endswith(".pdf"))[:6]):
        arguments = [["--object-streams=generate"], ["--linearize"], ["--encrypt", "", "owner", "256", "--"], ["--encrypt", "", "owner", "128", "--use-aes=y", "--"], ["--qdf"], ["--object-streams=disable"]][n]
        run("qpdf", *arguments, path(name), path(f"qpdf{n}.pdf"))
        shutil.copy(path(name + ".txt"), path(f"qpdf{n}.pdf.txt"))
        made += 1

for n in range(4):
    m = EmailMessage()
    m["Subject"], m["From"], m["To"] = f"Bericht für die Möwe {n}", "Ada <ada@example.org>", "Osric <o@example.org>"
    body = abstracts[n]["text"] + "\n\nGrüße, Łukasz\n"
    m.set_content(body, cte=["quoted-printable", "base64", "8bit", "base64"][n])
    if n % 2:
        m.add_alternative("<p>the same</p>", subtype="html")
    if n > 1:
        m.add_attachment(abstracts[n + 9]["text"].encode(), maintype="text", subtype="plain", filename="notes.txt")
        body += "[notes.txt] " + abstracts[n + 9]["text"]
    with open(path(f"python{n}.eml"), "wb") as f:
        f.write(m.as_bytes(policy=email.policy.SMTP if n < 2 else email.policy.default))
    keep(f"python{n}.eml", body)
    if n == 3:
        box = mailbox.mbox(path("python.mbox"))
        box.add(m)
        box.flush()
        keep("python.mbox", body)
with gzip.open(path("python.md.gz"), "wt", encoding="utf-8") as f:
    f.write(abstracts[0]["text"])
keep("python.md.gz", abstracts[0]["text"])

try:
    import openpyxl

    for n in range(2):
        book = openpyxl.Workbook()
        book.active.title = "Abstracts"
        text = "Abstracts "
        for a in abstracts[20 * n : 20 * n + 20]:
            book.active.append([plain(a["title"]), len(a["text"]), "x" if n else None])
            text += f"{plain(a['title'])} {len(a['text'])} {'x' if n else ''}\n"
        book.save(path(f"openpyxl{n}.xlsx"))
        keep(f"openpyxl{n}.xlsx", text)
except ImportError:
    absent.add("openpyxl")
try:
    import nbformat.v4 as nb
    import nbformat

    book = nb.new_notebook(cells=[nb.new_markdown_cell("# Title\n\n" + plain(abstracts[1]["text"])), nb.new_code_cell("x = 1", outputs=[nb.new_output("stream", text="one\ntwo\n")])])
    nbformat.write(book, path("nbformat.ipynb"))
    keep("nbformat.ipynb", "Title " + plain(abstracts[1]["text"]) + " x = 1 one two")
except ImportError:
    absent.add("nbformat")
try:
    import docx

    for n in range(2):
        d = docx.Document()
        d.add_heading("A heading", 1)
        text = "A heading\n"
        for a in abstracts[30 + n : 34 + n]:
            d.add_paragraph(a["text"])
            text += a["text"] + "\n"
        table = d.add_table(rows=1, cols=2)
        table.rows[0].cells[0].text, table.rows[0].cells[1].text = "left cell", "right cell"
        d.sections[0].header.paragraphs[0].text = "running head"
        d.save(path(f"python{n}.docx"))
        keep(f"python{n}.docx", text + "left cell right cell running head")
except ImportError:
    absent.add("python-docx")

shutil.rmtree(scratch)
print(f"{made} documents" + (", without " + ", ".join(sorted(absent)) if absent else ""))
