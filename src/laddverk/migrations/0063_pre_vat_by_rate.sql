-- A tariff may have prices at several VAT rates: what is sold at each, where there is more than one.
-- [{percent, net_minor, vat_minor, gross_minor}], the highest rate first; they sum to the price.

ALTER TABLE session ADD COLUMN vat jsonb;
ALTER TABLE invoice_line ADD COLUMN vat jsonb;
