"""Object storage, played: what a client of Amazon S3 or Cloudflare R2 finds."""
