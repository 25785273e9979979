-- The login of the service and its database. PostgreSQL's image runs this once, on a database that is new.
--
-- The login owns its database and may create roles: Meshkey makes the schema, and the three roles that it works as, by
-- itself. It is no superuser, and what it works as is less than itself.
\set ON_ERROR_STOP on
\set password `cat /run/database/meshkey`

CREATE ROLE meshkey LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE meshkey OWNER meshkey;
REVOKE CONNECT, TEMPORARY ON DATABASE meshkey FROM PUBLIC;
