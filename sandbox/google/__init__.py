"""Google's APIs: tokens, Drive and Sheets; Gmail lies with the other mail."""
