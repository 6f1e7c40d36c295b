using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Deadlines of tasks.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0002_deadlines")]
public sealed class M0002Deadlines : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0002_deadlines.sql";
}
