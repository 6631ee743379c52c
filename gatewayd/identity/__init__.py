"""Who is who on the xDS connection: a CA and its certificates, made and checked without I/O."""
