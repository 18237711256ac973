"""Object storage: photos and files by key, in a local folder, Amazon S3 or Cloudflare R2.

The key pair needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` and `s3:ListBucket` on the one
bucket; in R2, "Object Read & Write" for it.

A Retry-After is not kept: obstore's errors hold the status and the body of an answer, and leave out
its headers. Tries are apart by our own waits.
"""
