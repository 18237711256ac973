"""Google's APIs: tokens, Drive and Sheets over the same files; Gmail lies with the other mail."""
