-- Run once by the image, when the database is new: who may do what. The superuser is left to you.
\set ON_ERROR_STOP on
\set fleetgauge_password `cat /run/fleetgauge/fleetgauge`
\set grafana_password `cat /run/fleetgauge/grafana`

create role fleetgauge login password :'fleetgauge_password';
alter database fleetgauge owner to fleetgauge;

-- The dashboards read the views that are made for them (`fleetgauge migrate` grants those to the
-- group), no table, and a mistaken query of theirs ends by itself.
create role fleetgauge_reader nologin;
create role grafana login password :'grafana_password' connection limit 20;
grant fleetgauge_reader to grafana;
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';
