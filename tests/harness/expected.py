"""The example's figures computed another way: sqlite3's shell over the CSV files as they are, text and all."""

import subprocess

# One query a figure, over the raw text of the file; each is written from the meaning of the figure, not from the scripts.
# Exact duplicates count once: `line` holds each distinct line.
FIGURES = {
    "landing_lines": "SELECT count(*) FROM last_day",
    "invoice_lines": "SELECT count(*) FROM line",
    "copies": "SELECT count(*) FROM raw",
    "cancellations": "SELECT count(*) FROM line WHERE substr(InvoiceNo, 1, 1) = 'C'",
    "customers": "SELECT count(DISTINCT CustomerID) FROM line WHERE CustomerID <> ''",
    "first_customer": "SELECT printf('%d', min(0 + CustomerID)) FROM line WHERE CustomerID <> ''",
    "products": "SELECT count(DISTINCT StockCode) FROM line",
    "articles": "SELECT count(DISTINCT StockCode) FROM line WHERE StockCode BETWEEN '0' AND '9~'",
    "orders": "SELECT count(DISTINCT InvoiceNo) FROM line WHERE CustomerID <> '' AND 0 + UnitPrice <> 0"
              " AND substr(InvoiceNo, 1, 1) <> 'C'",
    "revenue_by_country": "SELECT Country || '=' || sum(cast(round(100 * UnitPrice) AS INT) * Quantity) FROM line"
                          " GROUP BY Country ORDER BY Country",
    "net_pence": "SELECT sum(cast(round(100 * UnitPrice) AS INT) * Quantity) FROM line",
    "large_customers": "SELECT count(*) FROM (SELECT CustomerID FROM line WHERE CustomerID <> '' AND 0 + UnitPrice <> 0"
                       " AND substr(InvoiceNo, 1, 1) <> 'C' GROUP BY CustomerID"
                       " HAVING sum(cast(round(100 * UnitPrice) AS INT) * Quantity) >= 100000)",
}


def figures(data, days):
    """{figure: text} after the files of these days were loaded in this order."""
    script = []
    for number, day in enumerate(days):
        script.append(f".import --csv {'--skip 1 ' if number else ''}{data}/{day}.csv raw")
    script.append(f".import --csv {data}/{days[-1]}.csv last_day")
    script.append("CREATE TABLE line AS SELECT DISTINCT InvoiceNo, StockCode, Quantity, UnitPrice, CustomerID, Country FROM raw;")
    script.append(".mode list")
    for name, query in FIGURES.items():
        script.append(f".print #{name}")
        script.append(query + ";")
    out = subprocess.run(["sqlite3", ":memory:"], input="\n".join(script), capture_output=True, text=True, check=True)
    assert out.stderr == "", out.stderr
    result, name = {}, None
    for line in out.stdout.splitlines():
        if line.startswith("#"):
            name = line[1:]
            result[name] = []
        else:
            result[name].append(line)
    return {name: "\n".join(lines) for name, lines in result.items()}
