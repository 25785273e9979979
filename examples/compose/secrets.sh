#!/bin/sh
# Makes the secrets of docker-compose.yml, once: what is there is kept.
#
#   secrets.sh DATABASE_DIR DATABASE_OWNER SERVICE_DIR SERVICE_OWNER
#
# Into the first directory go the passwords of the superuser and of the service's login, for PostgreSQL; into the second
# the URL with that login, for the service. Each is for its owner's eyes alone.
set -eu
umask 077

# make FILE OWNER: standard input becomes a file, whole or not at all.
make() {
    cat > "$1.new"
    [ -s "$1.new" ]
    chmod 0400 "$1.new"
    chown "$2" "$1.new"
    mv "$1.new" "$1"
}

# 256 random bits as hexadecimal digits, which nothing has to quote.
random() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }

for name in superuser meshkey; do
    [ -s "$1/$name" ] || random | make "$1/$name" "$2"
done
printf 'postgres://meshkey:%s@postgres/meshkey?sslmode=disable' "$(cat "$1/meshkey")" | make "$3/database-url" "$4"
chown "$2" "$1"
chown "$4" "$3"
