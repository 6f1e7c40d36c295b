using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Finishes of many tasks take their open rows away by runs of ids and compare only how many there were.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0019_all_ours")]
public sealed class M0019AllOurs : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0019_all_ours.sql";
}
