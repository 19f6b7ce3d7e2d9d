"""A small dictionary for tests of loading, apart from `records/`, so that these tests do not change with it."""

from auditkb.dictionary import Dictionary, Field, Label, RecordType


def _label(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)


def _field(type_name: str, zh: str, en: str, **more) -> Field:
    return Field(type=type_name, label=_label(zh, en), description=_label(zh, en), **more)


def _type(name: str, zh: str, en: str, fields: dict[str, Field], key: list[list[str]], **more) -> RecordType:
    more = {"label_field": next(iter(fields)), **more}
    return RecordType(type=name, label=_label(zh, en), description=_label(zh, en), key=key, fields=fields, **more)


def small_dictionary() -> Dictionary:
    """Departments and organisations (made by being named), contracts and payments."""
    types = [
        _type("organisation", "单位", "Organisation", {"name": _field("text", "单位名称", "Name", compared=True)}, [["name"]], created_by_reference=True),
        _type("department", "部门", "Department", {"name": _field("text", "部门名称", "Name", compared=True)}, [["name"]], created_by_reference=True),
        _type(
            "contract", "合同", "Contract",
            {
                "number": _field("text", "合同编号", "Contract number", synonyms=("合同号",)),
                "title": _field("text", "合同名称", "Title", compared=True),
                "supplier": _field("organisation", "乙方", "Supplier"),
                "department": _field("department", "责任科室", "Department"),
                "category": _field("choice", "合同类型", "Category", choices={"works": _label("工程", "Works"), "services": _label("服务", "Services")}),
                "signed_on": _field("date", "签订日期", "Signed on", synonyms=("签约日期",)),
                "filed_on": _field("date", "备案日期", "Filed on", if_empty="blank_in_document"),
                "amount": _field("money", "合同金额", "Amount", unit="yuan", synonyms=("金额",)),
                "retention_rate": _field("ratio", "质保金比例", "Retention rate"),
                "duration_days": _field("integer", "工期", "Duration", unit="days", synonyms=("工期(天)",)),
                "is_framework": _field("flag", "是否框架协议", "Framework", if_empty=False),
                "parent_contract": _field("contract", "原合同", "Original contract"),
            },
            [["number"], ["title"]], label_field="title", department=["department"], organisation=["supplier"], fiscal_year=["signed_on"],
        ),
        _type(
            "payment", "支付", "Payment",
            {
                "number": _field("text", "凭证号", "Voucher"),
                "contract": _field("contract", "合同", "Contract"),
                "paid_on": _field("date", "支付日期", "Paid on"),
                "amount": _field("money", "支付金额", "Amount", unit="yuan", signed=True),
            },
            [["number"], ["contract", "paid_on", "amount"]], belongs_to=["contract"], department=["contract.department"],
        ),
        _type(
            "approval", "审批", "Approval",
            {"payment": _field("payment", "支付", "Payment"), "role": _field("text", "角色", "Role")},
            [["payment", "role"]], belongs_to=["payment"],
        ),
    ]
    return Dictionary({record_type.type: record_type for record_type in types})
