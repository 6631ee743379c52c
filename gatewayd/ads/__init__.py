"""xDS to the Envoys: snapshots in, ACKs and NACKs out. `server` is the shell, everything else is without I/O."""
