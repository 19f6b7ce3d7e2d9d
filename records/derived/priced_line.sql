-- Every line that carries a unit price, whatever paper it stands on, so that prices of one thing can be compared.
-- Lines of reversed and void invoices are no prices.
-- The key names the paper; department, body and year are those of the line it comes from.
select
  'quote_line/' || l.key as key, l.item, l.specification, l.unit, l.unit_price, l.community,
  q.quoted_on as priced_on, l._year as fiscal_year,
  l.key as quote_line, null as invoice_line, null as budget_item,
  l.source, l.sheet, l.row, l._states, l._department, l._organisation, l._year,
  l._folded_item, l._folded_specification, l._folded_unit, l._folded_community
from quote_line l left join quote q on q.key = l.quote
union all
select
  'invoice_line/' || l.key, l.item, l.specification, l.unit, l.unit_price, l.community,
  i.issued_on, l._year,
  null, l.key, null,
  l.source, l.sheet, l.row, l._states, l._department, l._organisation, l._year,
  l._folded_item, l._folded_specification, l._folded_unit, l._folded_community
from invoice_line l left join invoice i on i.key = l.invoice
where i.status is null or i.status = 'normal'
union all
select
  'budget_item/' || l.key, l.item, l.specification, l.unit, l.unit_price, l.community,
  null, l._year,
  null, null, l.key,
  l.source, l.sheet, l.row, l._states, l._department, l._organisation, l._year,
  l._folded_item, l._folded_specification, l._folded_unit, l._folded_community
from budget_item l
